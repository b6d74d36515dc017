"""Micro-tasks (计件微任务): many small questions, answered by several people each, paid by the piece."""
