"""What the robot can do: hold, reach, pick, place, push, home."""
