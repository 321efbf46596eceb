"""The `courtside` command: resolves names, builds the parts, and hands them to the loop."""
