"""Historical campaigns (历史项目): records lived through the platform's rules."""
