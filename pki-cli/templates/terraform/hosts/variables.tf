# Any hosts, from any provider or none: what is needed to run the playbook on them.

variable "dns_domain" {
  description = "Domain of the members, as in etcdpki.yml."
  type        = string
}

variable "hosts" {
  description = "The members. id changes when a machine is made anew; ssh_address is where Ansible reaches it."
  type = list(object({
    id          = string
    name        = string
    ssh_address = string
  }))

  validation {
    condition     = length(var.hosts) > 0
    error_message = "There must be a host: three for a cluster that survives the loss of one."
  }

  validation {
    condition     = length(distinct(var.hosts[*].name)) == length(var.hosts)
    error_message = "Each host needs a name of its own."
  }
}

variable "ssh_user" {
  description = "User to log in as."
  type        = string
  default     = "root"
}

variable "ssh_private_key" {
  description = "Path of the key to log in with."
  type        = string
}

variable "dns_ip" {
  description = "Internal address of the DNS server; empty leaves the resolvers of the hosts alone."
  type        = string
  default     = ""
}

variable "ansible_directory" {
  description = "Where etcdpki wrote etcd.yml and roles."
  type        = string
}

variable "vault_password_file" {
  description = "File with the vault password, or a program that prints it; from ansible_directory."
  type        = string
  default     = "vault-password.txt"
}

variable "ansible_arguments" {
  description = "More arguments of ansible-playbook."
  type        = list(string)
  default     = []
}
