"""The project passport (创业项目): who a venture is, told once and used everywhere."""
