#!/usr/bin/env bash
# The certificates of a cluster with openssl 3: openssl.sh DIRECTORY ANSIBLE_VAULT
set -euo pipefail
# shellcheck source=benches/peers/common.sh
. "$(dirname "$0")/common.sh"

cat >openssl.cnf <<END
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE, pathlen:3
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:2
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[etcd]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
nameConstraints = critical, ${constraints//,/, }
[member]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END

# certificate NAME CURVE DAYS SECTION SUBJECT [ISSUER [NAMES]]
certificate() {
    openssl req -x509 -config openssl.cnf -extensions "$4" -newkey ec \
        -pkeyopt "ec_paramgen_curve:$2" -nodes -days "$3" -subj "/CN=$5" \
        ${6:+-CA "$6.crt" -CAkey "$6.key"} ${7:+-addext "subjectAltName=$7"} \
        -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

certificate root P-384 7300 root 'etcd root CA'
certificate intermediate P-384 3650 intermediate 'etcd intermediate CA' root
certificate etcd P-384 1825 etcd 'etcd CA' intermediate
while read -r name address; do
    own="DNS:$name.$domain,IP:$address"
    certificate "$name-server" P-256 365 member "$name.$domain" etcd \
        "$own,DNS:localhost,IP:127.0.0.1,IP:::1"
    certificate "$name-peer" P-256 365 member etcd-peer etcd "$own"
done <<<"$nodes"
for name in $clients; do
    certificate "$name" P-256 365 client "$name" etcd
done
write_documents
