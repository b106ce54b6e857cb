#!/bin/sh
# Makes or upgrades Temporal's databases; harmless where they are as they should be.
set -eu

export SQL_PASSWORD="$POSTGRES_PWD"

upgrade() {
	tool="temporal-sql-tool --plugin $DB --ep $POSTGRES_SEEDS -p $DB_PORT -u $POSTGRES_USER --db $1"
	$tool create
	$tool setup-schema -v 0.0
	$tool update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

upgrade temporal temporal
upgrade temporal_visibility visibility
