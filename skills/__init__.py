"""What each robot can do.

Bring your own: a class with `reset` and `act` (see `robot.types.Skill`), and a line here.
"""

HOLD = {"hold": "skills.hold:Hold"}

SKILLS = {  # robot: {name: "module:what makes it from a skills.body.Body"}
    "ur5e": {
        **HOLD,
        "reach": "skills.reach:Reach",
        "home": "skills.reach:Home",
        "pick": "skills.grasp:Pick",
        "place": "skills.grasp:Place",
        "gripper": "skills.grasp:Gripper",
        "push": "skills.push:Push",
        "trace": "skills.trace:Trace",
        "turn": "skills.turn:Turn",
        "drawer": "skills.drawer:Drawer",
        "as_told": "skills.beso.shipped:as_told",
        "jog": "skills.jog:Jog",
    },
    "pusht": {**HOLD, "push_t": "skills.beso.shipped:push_t"},
    "pusher": {
        **HOLD,
        "push_blocks": "skills.beso.shipped:push_blocks",
        "push_by_rule": "skills.push_oracle:Oracle",
    },
    "tennis": {
        **HOLD,
        "ready": "skills.tennis.skill:Ready",
        "rally": "skills.tennis.skill:Rally",
    },
}
