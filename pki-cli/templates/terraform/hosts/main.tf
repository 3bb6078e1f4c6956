locals {
  # Sorted, so that the order in which hosts are listed starts nothing.
  names = sort(var.hosts[*].name)

  etcd_join_string = join(",", formatlist("%s=https://%s.%s:2380", local.names, local.names, var.dns_domain))

  # Each word quoted for the shell, since a path may have blanks in it.
  ansible = concat(
    [
      "ansible-playbook", "etcd.yml",
      "--user", var.ssh_user,
      # Ansible works in another directory.
      "--private-key", abspath(pathexpand(var.ssh_private_key)),
      "--vault-password-file", var.vault_password_file,
      # The comma at the end makes a list of one a list too.
      "--inventory", "${join(",", var.hosts[*].ssh_address)},",
    ],
    var.ansible_arguments,
  )
  ansible_command = join(" ", [for word in local.ansible : "'${replace(word, "'", "'\\''")}'"])
}

# A machine answers some time after its provider calls it made.
resource "terraform_data" "reachable" {
  for_each = { for host in var.hosts : host.name => host }

  triggers_replace = [each.value.id, each.value.ssh_address]

  connection {
    type        = "ssh"
    host        = each.value.ssh_address
    user        = var.ssh_user
    private_key = file(pathexpand(var.ssh_private_key))
  }

  provisioner "remote-exec" {
    inline = [
      # Exit code 2 says that it is done, with something to remark.
      "! command -v cloud-init >/dev/null || cloud-init status --wait >/dev/null || [ $? -eq 2 ]",
      "command -v python3 >/dev/null || { apt-get -qq update && apt-get -qq install --yes python3-minimal; }",
    ]
  }
}

resource "terraform_data" "ansible" {
  # A host more or less, or made anew. What else changes is Ansible's to find, when it is run.
  triggers_replace = [local.etcd_join_string, sort(var.hosts[*].id)]

  depends_on = [terraform_data.reachable]

  provisioner "local-exec" {
    working_dir = var.ansible_directory
    command     = local.ansible_command

    environment = {
      DNS_IP           = var.dns_ip
      ETCD_JOIN_STRING = local.etcd_join_string
      # Hosts that were made a moment ago, whose keys nobody can know.
      ANSIBLE_HOST_KEY_CHECKING = "False"
    }
  }
}
