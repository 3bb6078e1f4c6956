#!/usr/bin/env bash
# Certificates of servers one by one with openssl 3: openssl-loop.sh DIRECTORY COUNT
set -euo pipefail
mkdir -p "$1"
cd "$1"
umask 077

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 1825 -subj '/CN=CA' \
    -keyout ca.key -out ca.crt 2>/dev/null
cat >openssl.cnf <<'END'
[req]
distinguished_name = name
[name]
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:etcd-0.internal.example,IP:10.0.0.10,DNS:localhost,IP:127.0.0.1,IP:::1
END
for ((number = 0; number < $2; number++)); do
    openssl req -x509 -config openssl.cnf -extensions server -newkey ec \
        -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=etcd-$number" \
        -CA ca.crt -CAkey ca.key -keyout "$number.key" -out "$number.crt" 2>/dev/null
done
