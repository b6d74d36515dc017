"""The Alipay adapter: signing, transport, the calls, notices."""
