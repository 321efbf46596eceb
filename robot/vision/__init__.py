"""What stands on the table, seen by cameras: colours, outlines, and names for what they belong to.

`sight.TableSight` is the perception that comes with the package; `open.OpenSight` is for detectors
of whatever can be named. Both make fixes of pictures, of the arm's joints and of calibration, and
of nothing else; simulated worlds and hardware nodes use them alike.
"""
