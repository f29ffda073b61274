package keys

import "github.com/galley-kitchen/galley/config"

// saltKeys are the keys of salt.
func saltKeys() []Key {
	keys := []Key{
		{Name: "formula", Aliases: "formulas", value: textsField("Provisioner.Salt.Formulas")},
		{Name: "vendor_path", value: pathField("Provisioner.Salt.VendorPath")},
		{Name: "is_file_root", value: flagField(false, "Provisioner.Salt.IsFileRoot")},
		{Name: "state_collection", value: textField("", "Provisioner.Salt.Collection")},
		{Name: "collection_name", value: textField("", "Provisioner.Salt.CollectionName")},
		{Name: "local_salt_root", value: pathField("Provisioner.Salt.LocalRoot")},
		{Name: "salt_copy_filter", value: textsField("Provisioner.Salt.CopyFilter")},
		{Name: "states", value: textsField("Provisioner.Salt.States")},
		{Name: "state_top", value: hashField("Provisioner.Salt.Top")},
		{Name: "state_top_from_file", value: flagField(false, "Provisioner.Salt.TopFromFile")},
		{Name: "pillars", value: hashField("Provisioner.Salt.Pillars")},
		{
			Name: "pillars_from_files", Aliases: "pillars-from-files",
			value: textMapField("Provisioner.Salt.PillarFiles"),
		},
		{Name: "pillars_from_directories", value: textsField("Provisioner.Salt.PillarDirs")},
		{Name: "grains", value: hashField("Provisioner.Salt.Grains")},
		{Name: "salt_env", value: textField("base", "Provisioner.Salt.Env")},
		{Name: "salt_minion_id", value: textField("", "Provisioner.Salt.MinionID")},
		{Name: "salt_minion_extra_config", value: hashField("Provisioner.Salt.Extra")},
		{Name: "dry_run", value: flagField(false, "Provisioner.Salt.DryRun")},
	}
	return inSection(SectionProvisioner, keys, string(config.ProvisionerSalt))
}
