"""The server behind live pages: the built site, terminals, files, checks; may import console, course, doctor, grading, lab, machines, setup, site, terminal."""
