"""What people are told (消息): inbox, SMS and e-mail."""
