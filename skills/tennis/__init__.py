"""Table tennis: learned low-level controllers, and what trains them."""
