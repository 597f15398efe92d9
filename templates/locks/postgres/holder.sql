select
    l.pid,
    coalesce(a.application_name, ''),
    coalesce(host(a.client_addr), 'the server''s machine'),
    to_char(a.xact_start, 'HH24:MI:SS')
from pg_locks as l
left join pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'advisory'
    and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid::bigint = %s
    and l.objid::bigint = %s
    and l.objsubid = 1
