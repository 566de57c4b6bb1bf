/* SPDX-License-Identifier: MIT */
/*
 * ebpf_helpers.h - the kernel's helpers: number, name, and the version that brought each.
 *
 * X(number, name, tracing, socket_filter, sched_cls, xdp). A version is major * 100 + minor of the
 * first mainline kernel where programs of that class may call the helper; 504 also means "5.4 or
 * before" and 0 "in no kernel known". Tracing counts from when kprobe, tracepoint and raw
 * tracepoint programs all have it. Helper 211 is the last one: what came later are kfuncs.
 */
#ifndef BPFCAP_EBPF_HELPERS_H
#define BPFCAP_EBPF_HELPERS_H

/* clang-format off */
#define EBPF_HELPERS(X)										\
	X(1, map_lookup_elem, 504, 504, 504, 504)					\
	X(2, map_update_elem, 504, 504, 504, 504)					\
	X(3, map_delete_elem, 504, 504, 504, 504)					\
	X(4, probe_read, 504, 0, 0, 0)							\
	X(5, ktime_get_ns, 504, 504, 504, 504)						\
	X(6, trace_printk, 504, 504, 504, 504)						\
	X(7, get_prandom_u32, 504, 504, 504, 504)					\
	X(8, get_smp_processor_id, 504, 504, 504, 504)					\
	X(9, skb_store_bytes, 0, 0, 504, 0)						\
	X(10, l3_csum_replace, 0, 0, 504, 0)						\
	X(11, l4_csum_replace, 0, 0, 504, 0)						\
	X(12, tail_call, 504, 504, 504, 504)						\
	X(13, clone_redirect, 0, 0, 504, 0)						\
	X(14, get_current_pid_tgid, 504, 610, 610, 610)					\
	X(15, get_current_uid_gid, 504, 616, 616, 616)					\
	X(16, get_current_comm, 504, 616, 616, 616)					\
	X(17, get_cgroup_classid, 616, 616, 504, 616)					\
	X(18, skb_vlan_push, 0, 0, 504, 0)						\
	X(19, skb_vlan_pop, 0, 0, 504, 0)						\
	X(20, skb_get_tunnel_key, 0, 0, 504, 0)						\
	X(21, skb_set_tunnel_key, 0, 0, 504, 0)						\
	X(22, perf_event_read, 504, 616, 616, 616)					\
	X(23, redirect, 0, 0, 504, 504)							\
	X(24, get_route_realm, 0, 0, 504, 0)						\
	X(25, perf_event_output, 504, 504, 504, 504)					\
	X(26, skb_load_bytes, 0, 504, 504, 0)						\
	X(27, get_stackid, 504, 0, 0, 0)						\
	X(28, csum_diff, 0, 0, 504, 504)						\
	X(29, skb_get_tunnel_opt, 0, 0, 504, 0)						\
	X(30, skb_set_tunnel_opt, 0, 0, 504, 0)						\
	X(31, skb_change_proto, 0, 0, 504, 0)						\
	X(32, skb_change_type, 0, 0, 504, 0)						\
	X(33, skb_under_cgroup, 0, 0, 504, 0)						\
	X(34, get_hash_recalc, 0, 0, 504, 0)						\
	X(35, get_current_task, 504, 508, 508, 508)					\
	X(36, probe_write_user, 504, 0, 0, 0)						\
	X(37, current_task_under_cgroup, 504, 616, 616, 616)				\
	X(38, skb_change_tail, 0, 0, 504, 0)						\
	X(39, skb_pull_data, 0, 0, 504, 0)						\
	X(40, csum_update, 0, 0, 504, 0)						\
	X(41, set_hash_invalid, 0, 0, 504, 0)						\
	X(42, get_numa_node_id, 504, 504, 504, 504)					\
	X(43, skb_change_head, 0, 0, 508, 0)						\
	X(44, xdp_adjust_head, 0, 0, 0, 504)						\
	X(45, probe_read_str, 504, 0, 0, 0)						\
	X(46, get_socket_cookie, 0, 504, 504, 0)					\
	X(47, get_socket_uid, 0, 504, 504, 0)						\
	X(48, set_hash, 0, 0, 504, 0)							\
	X(49, setsockopt, 0, 0, 0, 0)							\
	X(50, skb_adjust_room, 0, 0, 504, 0)						\
	X(51, redirect_map, 0, 0, 0, 504)						\
	X(52, sk_redirect_map, 0, 0, 0, 0)						\
	X(53, sock_map_update, 0, 0, 0, 0)						\
	X(54, xdp_adjust_meta, 0, 0, 0, 504)						\
	X(55, perf_event_read_value, 616, 616, 616, 616)				\
	X(56, perf_prog_read_value, 0, 0, 0, 0)						\
	X(57, getsockopt, 0, 0, 0, 0)							\
	X(58, override_return, 0, 0, 0, 0)						\
	X(59, sock_ops_cb_flags_set, 0, 0, 0, 0)					\
	X(60, msg_redirect_map, 0, 0, 0, 0)						\
	X(61, msg_apply_bytes, 0, 0, 0, 0)						\
	X(62, msg_cork_bytes, 0, 0, 0, 0)						\
	X(63, msg_pull_data, 0, 0, 0, 0)						\
	X(64, bind, 0, 0, 0, 0)								\
	X(65, xdp_adjust_tail, 0, 0, 0, 504)						\
	X(66, skb_get_xfrm_state, 0, 0, 504, 0)						\
	X(67, get_stack, 504, 0, 0, 0)							\
	X(68, skb_load_bytes_relative, 0, 504, 504, 0)					\
	X(69, fib_lookup, 0, 0, 504, 504)						\
	X(70, sock_hash_update, 0, 0, 0, 0)						\
	X(71, msg_redirect_hash, 0, 0, 0, 0)						\
	X(72, sk_redirect_hash, 0, 0, 0, 0)						\
	X(73, lwt_push_encap, 0, 0, 0, 0)						\
	X(74, lwt_seg6_store_bytes, 0, 0, 0, 0)						\
	X(75, lwt_seg6_adjust_srh, 0, 0, 0, 0)						\
	X(76, lwt_seg6_action, 0, 0, 0, 0)						\
	X(77, rc_repeat, 0, 0, 0, 0)							\
	X(78, rc_keydown, 0, 0, 0, 0)							\
	X(79, skb_cgroup_id, 0, 0, 504, 0)						\
	X(80, get_current_cgroup_id, 504, 612, 612, 612)				\
	X(81, get_local_storage, 0, 0, 0, 0)						\
	X(82, sk_select_reuseport, 0, 0, 0, 0)						\
	X(83, skb_ancestor_cgroup_id, 0, 0, 504, 0)					\
	X(84, sk_lookup_tcp, 0, 0, 504, 504)						\
	X(85, sk_lookup_udp, 0, 0, 504, 504)						\
	X(86, sk_release, 0, 0, 504, 504)						\
	X(87, map_push_elem, 504, 504, 504, 504)					\
	X(88, map_pop_elem, 504, 504, 504, 504)						\
	X(89, map_peek_elem, 504, 504, 504, 504)					\
	X(90, msg_push_data, 0, 0, 0, 0)						\
	X(91, msg_pop_data, 0, 0, 0, 0)							\
	X(92, rc_pointer_rel, 0, 0, 0, 0)						\
	X(93, spin_lock, 0, 504, 504, 504)						\
	X(94, spin_unlock, 0, 504, 504, 504)						\
	X(95, sk_fullsock, 0, 0, 504, 0)						\
	X(96, tcp_sock, 0, 0, 504, 0)							\
	X(97, skb_ecn_set_ce, 0, 0, 504, 0)						\
	X(98, get_listener_sock, 0, 0, 504, 0)						\
	X(99, skc_lookup_tcp, 0, 0, 504, 504)						\
	X(100, tcp_check_syncookie, 0, 0, 504, 504)					\
	X(101, sysctl_get_name, 0, 0, 0, 0)						\
	X(102, sysctl_get_current_value, 0, 0, 0, 0)					\
	X(103, sysctl_get_new_value, 0, 0, 0, 0)					\
	X(104, sysctl_set_new_value, 0, 0, 0, 0)					\
	X(105, strtol, 602, 602, 602, 602)						\
	X(106, strtoul, 602, 602, 602, 602)						\
	X(107, sk_storage_get, 0, 0, 504, 0)						\
	X(108, sk_storage_delete, 0, 0, 504, 0)						\
	X(109, send_signal, 504, 616, 616, 616)						\
	X(110, tcp_gen_syncookie, 0, 0, 504, 504)					\
	X(111, skb_output, 0, 0, 0, 0)							\
	X(112, probe_read_user, 505, 508, 508, 508)					\
	X(113, probe_read_kernel, 505, 508, 508, 508)					\
	X(114, probe_read_user_str, 505, 508, 508, 508)					\
	X(115, probe_read_kernel_str, 505, 508, 508, 508)				\
	X(116, tcp_send_ack, 0, 0, 0, 0)						\
	X(117, send_signal_thread, 505, 616, 616, 616)					\
	X(118, jiffies64, 505, 505, 505, 505)						\
	X(119, read_branch_records, 0, 0, 0, 0)						\
	X(120, get_ns_current_pid_tgid, 507, 610, 610, 610)				\
	X(121, xdp_output, 0, 0, 0, 0)							\
	X(122, get_netns_cookie, 0, 615, 615, 0)					\
	X(123, get_current_ancestor_cgroup_id, 507, 612, 612, 612)			\
	X(124, sk_assign, 0, 0, 507, 0)							\
	X(125, ktime_get_boot_ns, 508, 508, 508, 508)					\
	X(126, seq_printf, 0, 0, 0, 0)							\
	X(127, seq_write, 0, 0, 0, 0)							\
	X(128, sk_cgroup_id, 0, 0, 0, 0)						\
	X(129, sk_ancestor_cgroup_id, 0, 0, 0, 0)					\
	X(130, ringbuf_output, 508, 508, 508, 508)					\
	X(131, ringbuf_reserve, 508, 508, 508, 508)					\
	X(132, ringbuf_submit, 508, 508, 508, 508)					\
	X(133, ringbuf_discard, 508, 508, 508, 508)					\
	X(134, ringbuf_query, 508, 508, 508, 508)					\
	X(135, csum_level, 0, 0, 508, 0)						\
	X(136, skc_to_tcp6_sock, 0, 509, 509, 509)					\
	X(137, skc_to_tcp_sock, 0, 509, 509, 509)					\
	X(138, skc_to_tcp_timewait_sock, 0, 509, 509, 509)				\
	X(139, skc_to_tcp_request_sock, 0, 509, 509, 509)				\
	X(140, skc_to_udp6_sock, 0, 509, 509, 509)					\
	X(141, get_task_stack, 509, 616, 616, 616)					\
	X(142, load_hdr_opt, 0, 0, 0, 0)						\
	X(143, store_hdr_opt, 0, 0, 0, 0)						\
	X(144, reserve_hdr_opt, 0, 0, 0, 0)						\
	X(145, inode_storage_get, 0, 0, 0, 0)						\
	X(146, inode_storage_delete, 0, 0, 0, 0)					\
	X(147, d_path, 0, 0, 0, 0)							\
	X(148, copy_from_user, 601, 616, 616, 616)					\
	X(149, snprintf_btf, 510, 510, 510, 510)					\
	X(150, seq_printf_btf, 0, 0, 0, 0)						\
	X(151, skb_cgroup_classid, 0, 0, 510, 0)					\
	X(152, redirect_neigh, 0, 0, 510, 0)						\
	X(153, per_cpu_ptr, 510, 510, 510, 510)						\
	X(154, this_cpu_ptr, 510, 510, 510, 510)					\
	X(155, redirect_peer, 0, 0, 510, 0)						\
	X(156, task_storage_get, 511, 616, 616, 616)					\
	X(157, task_storage_delete, 511, 616, 616, 616)					\
	X(158, get_current_task_btf, 511, 511, 511, 511)				\
	X(159, bprm_opts_set, 0, 0, 0, 0)						\
	X(160, ktime_get_coarse_ns, 0, 511, 511, 511)					\
	X(161, ima_inode_hash, 0, 0, 0, 0)						\
	X(162, sock_from_file, 0, 0, 0, 0)						\
	X(163, check_mtu, 0, 0, 512, 512)						\
	X(164, for_each_map_elem, 513, 513, 513, 513)					\
	X(165, snprintf, 513, 513, 513, 513)						\
	X(166, sys_bpf, 0, 0, 0, 0)							\
	X(167, btf_find_by_name_kind, 0, 0, 0, 0)					\
	X(168, sys_close, 0, 0, 0, 0)							\
	X(169, timer_init, 0, 515, 515, 515)						\
	X(170, timer_set_callback, 0, 515, 515, 515)					\
	X(171, timer_start, 0, 515, 515, 515)						\
	X(172, timer_cancel, 0, 515, 515, 515)						\
	X(173, get_func_ip, 515, 0, 0, 0)						\
	X(174, get_attach_cookie, 612, 0, 0, 0)						\
	X(175, task_pt_regs, 515, 515, 515, 515)					\
	X(176, get_branch_snapshot, 516, 616, 616, 616)					\
	X(177, trace_vprintk, 516, 516, 516, 516)					\
	X(178, skc_to_unix_sock, 0, 516, 516, 516)					\
	X(179, kallsyms_lookup_name, 0, 0, 0, 0)					\
	X(180, find_vma, 517, 616, 616, 616)						\
	X(181, loop, 517, 517, 517, 517)						\
	X(182, strncmp, 517, 517, 517, 517)						\
	X(183, get_func_arg, 0, 0, 0, 0)						\
	X(184, get_func_ret, 0, 0, 0, 0)						\
	X(185, get_func_arg_cnt, 0, 0, 0, 0)						\
	X(186, get_retval, 0, 0, 0, 0)							\
	X(187, set_retval, 0, 0, 0, 0)							\
	X(188, xdp_get_buff_len, 0, 0, 0, 518)						\
	X(189, xdp_load_bytes, 0, 0, 0, 518)						\
	X(190, xdp_store_bytes, 0, 0, 0, 518)						\
	X(191, copy_from_user_task, 518, 616, 616, 616)					\
	X(192, skb_set_tstamp, 0, 0, 518, 0)						\
	X(193, ima_file_hash, 0, 0, 0, 0)						\
	X(194, kptr_xchg, 519, 519, 519, 519)						\
	X(195, map_lookup_percpu_elem, 519, 519, 519, 519)				\
	X(196, skc_to_mptcp_sock, 0, 519, 519, 519)					\
	X(197, dynptr_from_mem, 519, 519, 519, 519)					\
	X(198, ringbuf_reserve_dynptr, 519, 519, 519, 519)				\
	X(199, ringbuf_submit_dynptr, 519, 519, 519, 519)				\
	X(200, ringbuf_discard_dynptr, 519, 519, 519, 519)				\
	X(201, dynptr_read, 519, 519, 519, 519)						\
	X(202, dynptr_write, 519, 519, 519, 519)					\
	X(203, dynptr_data, 519, 519, 519, 519)						\
	X(204, tcp_raw_gen_syncookie_ipv4, 0, 0, 600, 600)				\
	X(205, tcp_raw_gen_syncookie_ipv6, 0, 0, 600, 600)				\
	X(206, tcp_raw_check_syncookie_ipv4, 0, 0, 600, 600)				\
	X(207, tcp_raw_check_syncookie_ipv6, 0, 0, 600, 600)				\
	X(208, ktime_get_tai_ns, 601, 601, 601, 601)					\
	X(209, user_ringbuf_drain, 601, 601, 601, 601)					\
	X(210, cgrp_storage_get, 602, 602, 602, 602)					\
	X(211, cgrp_storage_delete, 602, 602, 602, 602)
/* clang-format on */

enum ebpf_helper {
#define EBPF_HELPER_ENUM(number, name, tracing, socket, cls, xdp) EBPF_FN_##name = number,
	EBPF_HELPERS(EBPF_HELPER_ENUM)
#undef EBPF_HELPER_ENUM
};

#endif
