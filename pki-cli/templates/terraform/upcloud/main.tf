# Fixed addresses: a certificate names the address of its member, so it is known before there is
# a machine.
resource "upcloud_network" "etcd" {
  name = "etcd"
  zone = var.zone

  ip_network {
    address            = var.private_network
    family             = "IPv4"
    dhcp               = true
    dhcp_default_route = false
  }
}

# Members on different machines of the provider, as far as the zone has them.
resource "upcloud_server_group" "etcd" {
  title                = "etcd"
  anti_affinity_policy = "yes"
}

# What Ansible would stop at is found before there are machines.
resource "terraform_data" "check" {
  triggers_replace = [var.dns_domain, var.etcd_nodes]

  provisioner "local-exec" {
    working_dir = var.ansible_directory
    command     = coalesce(var.check_command, "true")
  }
}

resource "upcloud_server" "etcd" {
  for_each = { for index, node in var.etcd_nodes : node.name => merge(node, { plan = element(var.etcd_plans, index) }) }

  hostname     = each.key
  title        = "${each.key}.${var.dns_domain}"
  zone         = var.zone
  plan         = each.value.plan
  server_group = upcloud_server_group.etcd.id
  # The image is set up over it.
  metadata = true

  template {
    storage = var.os
    size    = var.disk_size
    encrypt = true
  }

  # For ssh; the firewall role lets nothing else in here.
  network_interface {
    type = "public"
  }

  network_interface {
    type       = "private"
    network    = upcloud_network.etcd.id
    ip_address = each.value.address
  }

  login {
    user            = "root"
    keys            = var.ssh_keys
    create_password = false
  }

  depends_on = [terraform_data.check]

  lifecycle {
    precondition {
      condition     = cidrhost("${each.value.address}/${split("/", var.private_network)[1]}", 0) == cidrhost(var.private_network, 0)
      error_message = "${each.key} has ${each.value.address}, which is not in ${var.private_network}: change networks in etcdpki.yml."
    }
  }
}

module "etcd" {
  source = "../hosts"

  dns_domain          = var.dns_domain
  dns_ip              = var.dns_ip
  ssh_private_key     = var.ssh_private_key
  ansible_directory   = var.ansible_directory
  vault_password_file = var.vault_password_file
  ansible_arguments   = var.ansible_arguments

  hosts = [for name, server in upcloud_server.etcd : {
    id          = server.id
    name        = name
    ssh_address = server.network_interface[0].ip_address
  }]
}
