output "etcd_join_string" {
  description = "Members as NAME=URL,…: what etcd calls its initial cluster."
  value       = local.etcd_join_string
}

output "etcd_endpoints" {
  description = "Where clients reach the members."
  value       = formatlist("https://%s.%s:2379", local.names, var.dns_domain)
}
