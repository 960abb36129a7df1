#!/bin/sh
# Run once by the postgres image, on an empty volume: for each service a role that owns its own
# database and can't enter the others'. Passwords come from files named <service>_password.
set -eu

for SERVICE in intake workorders notify billing; do
  export SERVICE
  psql --set ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set service `echo "$SERVICE"`
\set password `cat "${SECRETS:-/run/secrets}/${SERVICE}_password"`
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE CONNECT ON DATABASE :"service" FROM PUBLIC;
SQL
done
