mock_provider "upcloud" {
  mock_resource "upcloud_server" {
    override_during = plan
    defaults = {
      id = "00000000-0000-4000-8000-000000000000"
    }
  }
}

variables {
  dns_domain      = "internal.example"
  private_network = "10.0.0.0/24"
  ssh_keys        = ["ssh-ed25519 AAAA"]
  ssh_private_key = "/dev/null"
  etcd_plans      = ["1xCPU-2GB", "2xCPU-4GB"]
  etcd_nodes = [
    { name = "etcd-0", address = "10.0.0.10" },
    { name = "etcd-1", address = "10.0.0.11" },
    { name = "etcd-2", address = "10.0.0.12" },
  ]
}

run "each_member_is_a_machine_with_its_address" {
  command = plan

  assert {
    condition     = [for server in upcloud_server.etcd : server.network_interface[1].ip_address] == ["10.0.0.10", "10.0.0.11", "10.0.0.12"]
    error_message = "The private addresses are not those of the description."
  }

  assert {
    condition     = [for server in upcloud_server.etcd : server.plan] == ["1xCPU-2GB", "2xCPU-4GB", "1xCPU-2GB"]
    error_message = "The plans are not taken in turn."
  }

  assert {
    condition     = alltrue([for server in upcloud_server.etcd : alltrue([for login in server.login : !login.create_password])])
    error_message = "A machine has a password."
  }
}

run "an_address_outside_of_the_network_is_refused" {
  command = plan

  variables {
    etcd_nodes = [{ name = "etcd-0", address = "10.0.1.10" }]
  }

  expect_failures = [upcloud_server.etcd["etcd-0"]]
}

run "an_address_of_ipv6_is_refused" {
  command = plan

  variables {
    private_network = "fd00::/64"
    etcd_nodes      = [{ name = "etcd-0", address = "fd00::10" }]
  }

  expect_failures = [var.etcd_nodes]
}
