"""A variable of the main loop that a function sets without declaring it global."""

from __future__ import annotations

import ast

from bcclessons.console.text import Text
from bcclessons.grading import syntax
from bcclessons.grading.feedback import Feedback


def local_by_mistake(program: str) -> Feedback | None:
    """Return feedback on the first such variable, None if there is none."""
    tree = syntax.parsed(program)
    if tree is None:
        return None
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    outside = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    loops = [
        loop
        for part in outside
        for loop in ast.walk(part)
        if isinstance(loop, ast.While)
    ]
    names = {
        node.id
        for loop in loops
        for node in ast.walk(loop.test)
        if isinstance(node, ast.Name)
    }
    for function in functions:
        inside = list(ast.walk(function))
        declared = {
            name
            for node in inside
            if isinstance(node, ast.Global | ast.Nonlocal)
            for name in node.names
        }
        for node in inside:
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Store)
                and node.id in names - declared
            ):
                return Feedback(
                    Text(
                        ja=f"{function.name}() の中の {node.id} は，ループの {node.id} とは別の"
                        f"変数である．関数の先頭に global {node.id} と書く．",
                        en=f"In {function.name}(), {node.id} is a variable of its own, and not "
                        f"that of the loop: begin the function with global {node.id}.",
                    ),
                    line=node.lineno,
                )
    return None
