"""What the robot can do: hold, reach, pick, place, push, home.

Bring your own: a class with `reset` and `act` (see `robot.types.Skill`), and a line here.
"""

SKILLS = {  # name: "module:Class"
    "hold": "skills.hold:Hold",
    "reach": "skills.reach:Reach",
    "home": "skills.reach:Home",
    "pick": "skills.grasp:Pick",
    "place": "skills.grasp:Place",
    "gripper": "skills.grasp:Gripper",
    "push": "skills.push:Push",
}
