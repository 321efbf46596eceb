"""Simulated worlds that are robots: MuJoCo and PyBullet behind one interface."""
