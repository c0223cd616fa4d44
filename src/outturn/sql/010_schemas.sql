-- Schemas and who may enter them. Run by the administrator; runs any number of times.
-- Owners cannot log in: outturn_owner keeps what is recorded, outturn_models what dbt builds,
-- outturn_published what is read.
create schema if not exists ops authorization outturn_owner;
create schema if not exists landing authorization outturn_owner;
create schema if not exists quarantine authorization outturn_owner;
create schema if not exists history authorization outturn_owner;
create schema if not exists staging authorization outturn_models;
create schema if not exists intermediate authorization outturn_models;
create schema if not exists marts authorization outturn_published;

grant usage on schema ops to
outturn_loader, outturn_transformer, outturn_publisher, outturn_models;
grant usage on schema landing to outturn_loader, outturn_models;
grant usage on schema quarantine to outturn_loader, outturn_models;
grant usage on schema history to outturn_publisher;
grant usage on schema staging to outturn_publisher;
grant usage on schema marts to outturn_finance, outturn_publisher;
grant usage, create on schema ops to outturn_published;
