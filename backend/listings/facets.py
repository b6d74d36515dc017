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

WORK_CATEGORIES = [
    ("design", "设计创意"),
    ("software", "软件开发"),
    ("copywriting", "文案策划"),
    ("translation", "翻译"),
    ("photography", "摄影摄像"),
    ("engineering", "工程技术"),
    ("research", "研发检测"),
    ("data", "数据处理"),
    ("marketing", "营销推广"),
    ("training", "教育培训"),
    ("livelihood", "生活服务"),
    ("work_other", "其他任务"),
]
WORK_CATEGORY_KEYS = [key for key, _word in WORK_CATEGORIES]
