"""A class on one machine: its learners, their VMs, fair waiting, the instructor's board; may import console, course, grading, lab, machines, setup, site, terminal."""
