#!/usr/bin/env bash
# Certificates of servers one by one with cfssl: cfssl-loop.sh DIRECTORY COUNT
set -euo pipefail
mkdir -p "$1"
cd "$1"
umask 077

cfssl gencert -loglevel=5 -initca - <<'END' | cfssljson -bare ca
{ "CN": "CA", "key": { "algo": "ecdsa", "size": 384 } }
END
cat >config.json <<'END'
{ "signing": { "default": { "expiry": "8760h", "usages": ["signing", "server auth", "client auth"] } } }
END
for ((number = 0; number < $2; number++)); do
    cfssl gencert -loglevel=5 -config config.json -ca ca.pem -ca-key ca-key.pem \
        -hostname etcd-0.internal.example,10.0.0.10,localhost,127.0.0.1,::1 \
        - <<<"{\"CN\":\"etcd-$number\",\"key\":{\"algo\":\"ecdsa\",\"size\":256}}" |
        cfssljson -bare "$number"
done
