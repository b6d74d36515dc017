"""What people show of their work, and the work that is shown to them (工作者主页与推荐)."""
