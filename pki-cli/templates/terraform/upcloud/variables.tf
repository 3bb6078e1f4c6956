# `etcdpki provision terraform` fills in dns_domain, etcd_nodes and private_network from
# etcdpki.yml: see etcd.auto.tfvars.json.

variable "dns_domain" {
  description = "Domain of the members."
  type        = string
  default     = "your-internal.domain"
}

variable "dns_ip" {
  description = "Internal address of the DNS server; empty leaves the resolvers of the hosts alone."
  type        = string
  default     = ""
}

variable "zone" {
  description = "Where the machines stand: https://upcloud.com/data-centres"
  type        = string
  default     = "de-fra1"
}

variable "etcd_nodes" {
  description = "The members: name, and address in the private network. Certificates name both."
  type = list(object({
    name    = string
    address = string
  }))

  validation {
    condition     = alltrue([for node in var.etcd_nodes : can(cidrnetmask("${node.address}/32"))])
    error_message = "UpCloud's private networks are of IPv4: in etcdpki.yml, write such an address of each node first."
  }
}

variable "etcd_plans" {
  description = "Plan of each member; the list begins anew where there are more members."
  type        = list(string)
  default     = ["1xCPU-2GB"]

  validation {
    condition     = length(var.etcd_plans) > 0
    error_message = "There must be a plan."
  }
}

variable "private_network" {
  description = "Block of addresses in which members and clients live."
  type        = string

  validation {
    condition     = can(cidrhost(var.private_network, 1))
    error_message = "Write an address and a prefix length, such as 10.0.0.0/24."
  }
}

variable "os" {
  description = "Image of the machines: Debian or Ubuntu."
  type        = string
  default     = "Debian GNU/Linux 12 (Bookworm)"
}

variable "disk_size" {
  description = "Size of each disk in GB."
  type        = number
  default     = 25
}

variable "ssh_keys" {
  description = "Public keys that may log in."
  type        = list(string)

  validation {
    condition     = length(var.ssh_keys) > 0
    error_message = "Without a key nobody can log in, Ansible neither."
  }
}

variable "ssh_private_key" {
  description = "Path of the private key that belongs to one of them."
  type        = string
}

variable "ansible_directory" {
  description = "Where etcdpki wrote etcd.yml and roles."
  type        = string
  default     = "../.."
}

variable "vault_password_file" {
  description = "File with the vault password, or a program that prints it; from ansible_directory."
  type        = string
  default     = "vault-password.txt"
}

variable "check_command" {
  description = "Run in ansible_directory before machines are made; when it fails none is. Empty runs none."
  type        = string
  default     = "etcdpki hook check"
}

variable "ansible_arguments" {
  description = "More arguments of ansible-playbook."
  type        = list(string)
  default     = []
}
