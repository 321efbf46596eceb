"""The spine: records, the loop, safety, and what every skill, planner and world shares."""
