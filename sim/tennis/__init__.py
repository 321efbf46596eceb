"""Table tennis: the world, its referee, and many of it at once."""
