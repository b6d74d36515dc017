"""The desk (工作台): all that somebody posted, and every clock that runs for them, of every kind of work on one page."""
