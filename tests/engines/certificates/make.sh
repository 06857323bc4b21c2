#!/bin/sh
# Makes the certificates of the tests anew: a private CA, and a server's certificate that it has signed for 127.0.0.1; one that
# has expired, and one for another host. The keys are public, so they protect nothing.
set -e
cd "$(dirname "$0")"
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $key -keyout ca.key -out ca.pem -days 36500 -subj "/CN=clemsim test CA" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
sign() { # NAME SUBJECT_ALT_NAME FROM UNTIL
    printf 'subjectAltName=%s\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' "$2" > ext
    openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
    rm -rf db && mkdir db && : > db/index && echo 01 > db/serial
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=db/index\nserial=db/serial\nnew_certs_dir=db\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > conf
    openssl ca -batch -config conf -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.crt" -extfile ext -startdate "$3" -enddate "$4" -notext
    cat "$1.key" "$1.crt" > "$1.pem"
    rm -rf db conf ext "$1.key" "$1.csr" "$1.crt"
}
sign server "IP:127.0.0.1,DNS:localhost" 20200101000000Z 21190101000000Z
sign expired "IP:127.0.0.1" 20200101000000Z 20210101000000Z
sign other "DNS:other.example" 20200101000000Z 21190101000000Z
rm ca.key
