/**
 * Tracepoints that pass NULL, or an error pointer, for some of their arguments; arguments are counted from 0.
 * Fact from kernel 7.2 kernel/bpf/btf.c (raw_tp_null_args), which 6.12 has too.
 */
interface NullArgs { readonly maybeNull: readonly number[]; readonly maybeError: readonly number[] }

const GROUPS: readonly (NullArgs & { readonly names: string })[] = [
  {
    maybeNull: [], maybeError: [],
    names:
      "bpf_testmod_test_read",
  },
  {
    maybeNull: [], maybeError: [1],
    names:
      "signal_generate signal_deliver",
  },
  {
    maybeNull: [], maybeError: [2],
    names:
      "nfs4_inode_callback_event nfs4_inode_stateid_callback_event",
  },
  {
    maybeNull: [], maybeError: [3],
    names:
      "mr_integ_alloc",
  },
  {
    maybeNull: [0], maybeError: [],
    names:
      "sched_process_wait afs_protocol_error cachefiles_unlink cachefiles_rename cachefiles_prep_read cachefiles_mark_active " +
      "cachefiles_mark_failed cachefiles_mark_inactive cachefiles_vfs_error cachefiles_io_error cachefiles_ondemand_open " +
      "cachefiles_ondemand_copen cachefiles_ondemand_close cachefiles_ondemand_read cachefiles_ondemand_cread " +
      "cachefiles_ondemand_fd_write cachefiles_ondemand_fd_release mm_collapse_huge_page_isolate mm_page_alloc " +
      "mm_page_pcpu_drain mm_page_alloc_zone_locked rxrpc_recvdata rxrpc_client xs_stream_read_data tmigr_update_events " +
      "amdgpu_vm_bo_map amdgpu_vm_bo_unmap netfs_folioq xfs_defer_create_intent xfs_defer_cancel_list xfs_defer_pending_finish " +
      "xfs_defer_pending_abort xfs_defer_relog_intent xfs_defer_isolate_paused xfs_defer_item_pause xfs_defer_item_unpause " +
      "xfs_defer_add_item xfs_defer_cancel_item xfs_defer_finish_item xfs_inodegc_flush xfs_inodegc_push xfs_inodegc_start " +
      "xfs_inodegc_stop xfs_inodegc_queue xfs_inodegc_throttle xfs_fs_sync_fs xfs_blockgc_start xfs_blockgc_stop " +
      "xfs_blockgc_worker xfs_blockgc_flush_all nfsd_dirent nfsd_file_insert_err nfsd_file_cons_err nfs4_setup_sequence",
  },
  {
    maybeNull: [0], maybeError: [2],
    names:
      "cachefiles_lookup",
  },
  {
    maybeNull: [0, 1], maybeError: [],
    names:
      "tcp_send_reset cfg80211_scan_done",
  },
  {
    maybeNull: [0, 3], maybeError: [],
    names:
      "nfsd_file_acquire",
  },
  {
    maybeNull: [1], maybeError: [],
    names:
      "sched_pi_setprio afs_make_fs_call afs_make_fs_calli afs_make_fs_call1 afs_make_fs_call2 afs_flock_ev " +
      "ext4_mballoc_discard ext4_mballoc_free posix_lock_inode fcntl_setlk locks_remove_posix flock_lock_inode " +
      "break_lease_noblock break_lease_block break_lease_unblock generic_delete_lease time_out_leases mm_khugepaged_scan_pmd " +
      "mm_khugepaged_scan_file mm_khugepaged_collapse_file netfs_failure device_pm_callback_start rxrpc_resend rxrpc_tq " +
      "xprt_reserve_cong xprt_release_cong xprt_get_cong xprt_put_cong writeback_dirty_folio folio_wait_writeback " +
      "xfs_ioc_free_eofblocks xfs_blockgc_free_space xchk_nlinks_live_update coda_dec_pic_run coda_dec_pic_done " +
      "rdev_set_coalesce wiphy_work_queue wiphy_work_run wiphy_work_cancel wiphy_work_flush hugetlbfs_alloc_inode spufs_context " +
      "neigh_update",
  },
  {
    maybeNull: [2], maybeError: [],
    names:
      "sched_stick_numa sched_swap_numa fib_table_lookup tcp_sendmsg_locked tegra_dma_tx_status xfs_btree_updkeys " +
      "xfs_btree_overlapped_query_range xchk_metapath_lookup cfg80211_report_wowlan_wakeup cfg80211_inform_bss_frame " +
      "kvm_page_fault_enter dpu_crtc_setup_mixer binder_transaction btree_path_free amdtp_packet",
  },
  {
    maybeNull: [3], maybeError: [],
    names:
      "qdisc_dequeue xfs_iomap_alloc xfs_iomap_found hfi1_sdma_progress iptfs_ingress_postq_event",
  },
  {
    maybeNull: [4], maybeError: [],
    names:
      "host1x_cdma_push_gather xfs_map_blocks_found xfs_map_blocks_alloc pnfs_update_layout pnfs_mds_fallback_pg_init_read " +
      "pnfs_mds_fallback_pg_init_write pnfs_mds_fallback_pg_get_mirror_count pnfs_mds_fallback_read_done " +
      "pnfs_mds_fallback_write_done pnfs_mds_fallback_read_pagelist pnfs_mds_fallback_write_pagelist " +
      "cfg80211_michael_mic_failure",
  },
];

const NONE: NullArgs = { maybeNull: [], maybeError: [] };
const BY_NAME: ReadonlyMap<string, NullArgs> = new Map(GROUPS.flatMap((g) => g.names.split(" ").map((n) => [n, g] as const)));

/** Which arguments of that tracepoint may be null or an error; `known` tells whether the kernel has a record of it. */
export function rawTpNullArgs(tracepoint: string): NullArgs & { readonly known: boolean } {
  const found = BY_NAME.get(tracepoint);
  return { ...(found ?? NONE), known: found !== undefined };
}
