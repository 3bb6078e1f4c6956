terraform {
  # terraform_data, and conditions across variables.
  required_version = ">= 1.9"
}
