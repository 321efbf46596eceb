"""Table tennis: which controller plays which ball, and how that adapts to the opponent."""
