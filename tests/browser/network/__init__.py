"""What reaches the network, or leads there: requests, proxies, addresses in texts."""
