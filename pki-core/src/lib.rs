//! A certificate authority library for mutual-TLS etcd clusters.
