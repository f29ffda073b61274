package config

import (
	"slices"
	"strings"
	"sync"
)

// foreignKeys are keys of other drivers and provisioners (vagrant, ec2, azurerm,
// vcenter …). They reach galley through files that are made for several drivers,
// so they are passed over without a word.
var foreignKeys = sync.OnceValue(func() map[Section][]string {
	return map[Section][]string{
		SectionDriver: sorted(`
			box box_url box_version box_arch box_check_update box_auto_update box_auto_prune box_download_ca_cert
			box_download_checksum box_download_checksum_type box_download_insecure boot_timeout communicator config_vm
			customize
			gui guest linked_clone network pre_create_command provider provision ssh synced_folders use_cached_chef_client
			vagrant_binary vagrant_provider vagrantfile_erb vagrantfiles vm_hostname winrm env cachier kitchen_cache_directory
			forward_agent disk disks ssh_key
			aws_access_key_id aws_secret_access_key aws_session_token aws_ssh_key_id aws_ssh_key_type associate_public_ip
			availability_zone block_device_mappings block_duration_minutes delete_timeout ebs_optimized
			elastic_network_interface
			elastic_network_interface_id flavor_id host host_id iam_profile_name image_id image_search
			instance_initiated_shutdown_behavior
			instance_type interface key_name licenses metadata_options placement private_ip_address profile region retry_limit
			retryable_sleep retryable_tries security_group_cidr_ip security_group_filter security_group_ids
			shared_credentials_profile
			spot_price spot_wait ssl_verify_peer subnet_filter subnet_id tags tenancy user_data vpc_id skip_cost_warning
			subscription_id location machine_size azure_resource_group_name azure_resource_group_prefix
			azure_resource_group_suffix
			image_urn image_url image_id admin_username admin_password vnet_id public_ip_sku managed_disk os_disk_size_gb
			vm_tags vm_name vm_prefix
			project zone machine_type network_project subnet subnet_project service_account_name service_account_scopes
			disk_size disk_type autodelete_disk auto_migrate auto_restart preemptible image_family image_name
			image_project email
			metadata inst_name refresh_rate wait_time use_private_ip
			vcenter_username vcenter_password vcenter_host vcenter_disable_ssl_verify datacenter cluster targethost folder
			template
			clone_type resource_pool customization_spec guest_customization poweron vm_wait_timeout
			server port password username reset_command server_name flavor_ref image_ref openstack_username openstack_api_key
			openstack_auth_url size digitalocean_access_token droplet_id ssh_key_ids vm_image server_id`),
		SectionProvisioner: sorted(`
			playbook playbooks hosts host_vars_path group_vars_path roles_path requirements_path galaxy_ignore_certs extra_vars
			extra_vars_file additional_copy_path idempotency_test ignore_extensions_from_root ignore_paths_from_root inventory
			role_name test_repo_uri require_pip require_windows_support require_chef_for_busser require_ruby_for_busser
			manifest manifests_path modules_path files_path hiera_data_path hiera_config_path hiera_eyaml puppet_version
			facter_version custom_facts custom_options custom_pre_apply_command custom_install_command
			additional_ansible_apt_packages enable_yum_epel python_sudo_format tags timeout wsl
			grains pillars state_top state_collection is_file_root formula salt_install salt_version salt_bootstrap_url
			dependencies pillars_from_files vendor_path local_salt_root cookbook_path_list`),
	}
})

func sorted(words string) []string {
	list := strings.Fields(words)
	slices.Sort(list)
	return list
}

// foreignPrefixes begin the names of keys of other plugins. Those of a provisioner
// that galley serves are in the table of keys, so that among its own keys such a
// name is a mistake.
func foreignPrefixes(kind string) []string {
	list := []string{"salt_", "aws_", "azure_", "vcenter_", "openstack_"}
	if kind != string(ProvisionerAnsible) {
		list = append(list, "ansible_", "require_ansible_")
	}
	if kind != string(ProvisionerPuppet) {
		list = append(list, "puppet_", "require_puppet_", "hiera_")
	}
	return list
}

// isForeign reports whether a key in the block of a plugin of some kind belongs to
// something that galley does not serve.
func isForeign(in Section, kind, name string) bool {
	if _, found := slices.BinarySearch(foreignKeys()[in], name); found {
		return true
	}
	return slices.ContainsFunc(foreignPrefixes(kind), func(p string) bool { return strings.HasPrefix(name, p) })
}
