"""BESO: goal-conditioned imitation with score-based diffusion (Reuss et al., arXiv 2304.02532).

`network` the score network, `diffusion` preconditioning and noise (Karras et al., arXiv
2206.00364), `samplers` the ways down from noise, `episodes` and `windows` the data, `train` the
trainer, `checkpoint` the file that is left, `policy` inference without torch, `skill` the Skill.
"""
