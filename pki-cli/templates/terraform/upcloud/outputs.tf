output "etcd_join_string" {
  description = "Members as NAME=URL,…: what etcd calls its initial cluster."
  value       = module.etcd.etcd_join_string
}

output "etcd_endpoints" {
  description = "Where clients reach the members."
  value       = module.etcd.etcd_endpoints
}

output "ssh_addresses" {
  description = "Where the machines can be logged in to."
  value       = { for name, server in upcloud_server.etcd : name => server.network_interface[0].ip_address }
}
