"""What things are sorted by across the platform (类别、县市区)."""

COUNTIES = ("421202", "421281", "421221", "421222", "421223", "421224", "XNGX")
"""The six counties of Xianning by GB/T 2260, and the high-tech zone under a code of its own."""

CATEGORIES = [
    ("osmanthus", "桂花"),
    ("tea", "茶叶"),
    ("bamboo", "竹艺"),
    ("food", "风味农产"),
    ("craft", "非遗手作"),
    ("culture", "文创设计"),
    ("tech", "科技产品"),
    ("other", "其他"),
]
CATEGORY_KEYS = [key for key, _word in CATEGORIES]
