using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Check;

/// <summary>A change of an inode record's fields.</summary>
/// <param name="transaction">The open transaction.</param>
/// <param name="record">The record, in the arena.</param>
internal delegate void RecordChange(Transaction transaction, ref readonly InodeRecord record);
