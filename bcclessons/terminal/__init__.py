"""Lessons in a terminal: tmux, the two panes, the demo, a terminal that is recorded; imports machines and what that imports."""
