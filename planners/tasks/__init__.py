"""Things to ask of a robot at the table: how they are worded, whether they were done, and programs
that do them.

`templates.TEMPLATES` has all of them, in two sets, seen and unseen, like the attributes and the
phrases that fill them: what a model is trained on is `seen` in all three, and the rest measures
what it makes of it. `draw.draw` makes a task for a scene. Success is judged of the true poses of
things before and after, never of what the robot believes.
"""
