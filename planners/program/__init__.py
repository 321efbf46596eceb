"""Programs written by a language model, run sandboxed, one goal at a time (Code as Policies)."""
