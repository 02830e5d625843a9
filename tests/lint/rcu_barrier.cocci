// What an RCU callback frees into a cache may still be on its way when the cache goes: whoever tears
// down calls rcu_barrier() before.
virtual report

@callback@
identifier free;
expression head;
@@
call_rcu(head, free);

@cached@
identifier callback.free;
identifier cache;
@@
free(...)
{
<...
kmem_cache_free(cache, ...);
...>
}

@bare@
identifier teardown =~ "_teardown$";
identifier cached.cache;
position p;
@@
teardown(...)
{
... when != rcu_barrier()
kmem_cache_destroy@p(cache);
...
}

@script:python depends on report@
p << bare.p;
cache << cached.cache;
@@
print("%s:%s: %s is destroyed without rcu_barrier()" % (p[0].file, p[0].line, cache))
