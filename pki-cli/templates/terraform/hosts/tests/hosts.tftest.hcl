variables {
  dns_domain        = "internal.example"
  ssh_private_key   = "/dev/null"
  ansible_directory = "."
  hosts = [
    { id = "b", name = "etcd-1", ssh_address = "192.0.2.11" },
    { id = "a", name = "etcd-0", ssh_address = "192.0.2.10" },
  ]
}

run "members_are_joined_in_a_fixed_order" {
  command = plan

  assert {
    condition     = output.etcd_join_string == "etcd-0=https://etcd-0.internal.example:2380,etcd-1=https://etcd-1.internal.example:2380"
    error_message = "The join string is ${output.etcd_join_string}."
  }

  assert {
    condition     = output.etcd_endpoints == tolist(["https://etcd-0.internal.example:2379", "https://etcd-1.internal.example:2379"])
    error_message = "The endpoints are ${join(",", output.etcd_endpoints)}."
  }
}

run "words_are_quoted_for_the_shell" {
  command = plan

  variables {
    ssh_private_key     = "/dev/null"
    vault_password_file = "it's here"
  }

  assert {
    condition     = strcontains(local.ansible_command, "'--vault-password-file' 'it'\\''s here'")
    error_message = "The command is ${local.ansible_command}."
  }

  assert {
    condition     = strcontains(local.ansible_command, "'--inventory' '192.0.2.11,192.0.2.10,'")
    error_message = "The command is ${local.ansible_command}."
  }
}

run "the_key_is_found_from_another_directory" {
  command = plan

  variables {
    ssh_private_key = "versions.tf"
  }

  assert {
    condition     = strcontains(local.ansible_command, "'--private-key' '${abspath("versions.tf")}'")
    error_message = "The command is ${local.ansible_command}."
  }
}

run "a_name_twice_is_refused" {
  command = plan

  variables {
    hosts = [
      { id = "a", name = "etcd-0", ssh_address = "192.0.2.10" },
      { id = "b", name = "etcd-0", ssh_address = "192.0.2.11" },
    ]
  }

  expect_failures = [var.hosts]
}

run "no_host_is_refused" {
  command = plan

  variables {
    hosts = []
  }

  expect_failures = [var.hosts]
}
